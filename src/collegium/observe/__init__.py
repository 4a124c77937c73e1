"""What can be seen of a running college: metrics, traces, logs."""
