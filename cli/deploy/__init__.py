"""What `aura up` deploys: the Pulumi stack and the objects of a region's cluster."""
