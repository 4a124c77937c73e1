"""What the server has at which path: chat, embeddings, catalogue, deciding, health."""
