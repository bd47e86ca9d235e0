"""What every call of the engine needs: settings, checks reported, errors shortened, secrets redacted."""
