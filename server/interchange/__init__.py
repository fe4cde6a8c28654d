"""Designs from other tools and from files. Pure: JSON in, a document and a report out."""

from __future__ import annotations

from .appsmith import import_appsmith
from .appsmith_export import export_appsmith
from .imported import Imported, Report
from .sniff import sniff

__all__ = ["Imported", "Report", "export_appsmith", "import_appsmith", "sniff"]
