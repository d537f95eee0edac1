"""The one HTTP port: routes requests to the doors, and guards the sockets. It decides nothing about their content."""
