"""A cascade by a provider's batch files alone: what is still to be asked goes out, results of any kind come in."""

from druqa.batch.provider.account import Account
from druqa.batch.provider.exporting import Exported, export_files
from druqa.batch.provider.importing import import_files
from druqa.batch.provider.models import Exportable, named_model

__all__ = ["Account", "Exportable", "Exported", "export_files", "import_files", "named_model"]
