"""An interpreter of Go's text/template with functions of Sprig, as the agent's templates use them."""
