"""What the go command says when it fails, recognised and answered with cause and remedy.

The catalogue is data, by theme; ``explain`` chooses from it.
"""
