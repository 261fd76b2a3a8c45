"""Check an evidence bundle without a database, a network or any other package of ours.

python -m audit verify BUNDLE [--policy FILE] [--since CHECKPOINT] [--key FILE] [--jobs N] [--json]
python -m audit statement FILE --policy FILE [--bundle BUNDLE]
python -m audit serve BUNDLE [--port PORT]
python -m audit key FILE [--post-quantum]
"""

from audit.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
