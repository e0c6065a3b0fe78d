"""The versions, each after the one named by its `down_revision`; never changed once released."""
