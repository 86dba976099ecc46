"""The year 2018 of the district the software was conceived for, replayed: `make year`."""
