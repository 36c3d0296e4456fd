"""The item-map workflow's one function: it logs the item that it is given."""
