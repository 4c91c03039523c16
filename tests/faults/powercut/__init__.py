"""Power cuts by replay: what a process asked of the disk is recorded, and cut off at every call.

`record` runs a process under strace, `kernel` follows its calls, `disk` knows what a disk may have kept of them, and
`replay` builds every state that a power cut may leave and has it looked at.
"""
