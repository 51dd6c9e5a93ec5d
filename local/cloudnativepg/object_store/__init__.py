"""The program in the Pod of an instance: it alone may use the object store, by the Pod's ServiceAccount."""
