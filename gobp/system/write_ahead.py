"""Write-ahead logging for SQLite files that several processes make at the same time."""

import sqlite3
import time

_PAUSE = 0.01  # seconds


def use_write_ahead_log(connection: sqlite3.Connection, seconds: float) -> None:
    """Switch the file of a connection to write-ahead logging, if it is not switched already.

    Where another connection is at it, SQLite does not wait as it does for other locks but says at
    once that the file is busy: both might wait for each other. So this asks again for as long as
    ``seconds``. See https://www.sqlite.org/c3ref/busy_handler.html. Raises sqlite3.Error.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return
