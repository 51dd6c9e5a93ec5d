"""What is lost of this site: regions that are killed or cut off, the latency between them, calls that are refused."""
