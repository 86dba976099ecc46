"""Sign-in of staff by OpenID Connect."""
