"""Log-in at a provider: OpenID Connect, code flow with PKCE."""
