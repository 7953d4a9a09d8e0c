"""What a program and its user say to each other on a terminal.

command_line a parser that knows what options are called elsewhere
header       what runs on what: the first lines of every program
progress     how far a long step is, and how long it will still take
"""
