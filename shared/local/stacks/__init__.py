"""CloudFormation: templates become stacks, by calls of the cloud's own API.

The stages, each a module:

1. :mod:`template` reads a text into sections; :mod:`parameters` gives the parameters values.
2. :mod:`blueprint` evaluates what can be told before anything is there (:mod:`functions`, :mod:`references`), and
   refuses by name, all at once, what this cloud does not do: types and properties (:mod:`kinds`, :mod:`shapes`).
3. :mod:`changes` says what lies between a stack and a blueprint: a change set, or nothing to do.
4. :mod:`operation` makes, changes, deletes and rolls back, resource by resource, with the rights of the caller or of
   the stack's role (:mod:`rights`).
5. :mod:`interrupted` fails what an earlier cloud did not end.
6. :mod:`api` answers CloudFormation's operations with that, and :mod:`plug` puts it in moto's place.

moto's own CloudFormation makes resources past the API, with nobody's rights, and drops what it does not know. The cost
of ours: each type is a class of ours, and a stack is finished when its call is answered.
"""
