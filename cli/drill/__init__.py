"""`aura drill`: a change of regions and back, while people stream; what it cost them is measured."""
