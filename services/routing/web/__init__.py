"""Pages of agencies: the inbox, a dossier and what may be done with it, figures."""
