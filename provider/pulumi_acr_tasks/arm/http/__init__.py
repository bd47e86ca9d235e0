"""The rings around a request: transport, throttle, retry, deadlines, cancellation."""
