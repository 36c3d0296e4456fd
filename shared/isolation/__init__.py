"""Why no team reaches another: ``roles`` says what each role may do, ``proof`` shows that it stays in its lane."""
