"""The add-on aws-ebs-csi-driver: PersistentVolumes, folders of this machine, for claims of its StorageClasses."""
