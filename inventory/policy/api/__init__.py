"""The API of blocks, decisions and admission."""
