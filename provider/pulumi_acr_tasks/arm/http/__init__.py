"""The rings around a request: transport, cancellation, throttle, reading of answers, retry, sign-in."""
