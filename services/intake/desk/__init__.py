"""The counter's pages (quầy tiếp nhận): what its clerks see and do, by the API's own commands and rights."""
