"""What the platform may declare, as a Pulumi policy pack; each rule is a pure function."""
