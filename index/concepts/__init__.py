"""What a text is about: treatments, drugs, regions, sides, levels, quantities, reasons."""
