"""For all tests: what the process that started them may have switched off is on again."""

import signal

# A shell that starts something in the background makes it deaf to Ctrl-C, and all that it starts after it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
