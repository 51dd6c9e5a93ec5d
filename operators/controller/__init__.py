"""What any operator needs: work queue, leader election, liveness, the reconcile loop and Events."""
