"""One OCR engine a file; each module defines a class ``Engine`` (see ``detector.reading.protocol``)."""
