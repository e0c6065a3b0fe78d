"""Reading the YAML files that users write: values that know their place, errors that name it."""
