"""The program that sends one message to one address, in a process of its own: it is confined.

`outbox` starts it; the address reaches it through its standard input alone.
"""
