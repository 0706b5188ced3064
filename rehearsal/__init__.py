"""The production shape of ``docker/`` as plain processes on one machine, with people, work and accidents."""
