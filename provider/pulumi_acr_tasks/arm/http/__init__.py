"""The transport, and its middleware: cancellation, throttle, reading of answers, retry, sign-in."""
