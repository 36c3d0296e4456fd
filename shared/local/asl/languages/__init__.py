"""The languages of a state's fields: JSONPath, JSONata, and the intrinsic functions."""
