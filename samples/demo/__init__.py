"""`make demo`: the whole job, without questions, on an installation of its own under var/demo."""
