"""Tasks: the resource, its check and diff, the requests that follow, and the cache and claims behind them."""
