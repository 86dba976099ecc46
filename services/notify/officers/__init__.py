"""Officers who are told when a dossier is due soon or overdue: their contacts, and the notices made for them."""
