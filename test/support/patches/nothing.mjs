// Changes nothing: the API is run from its files, and not from the bundle.
