"""The load generator: locust around one epoll loop, in a process of its own."""
