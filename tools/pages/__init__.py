"""What the site of the pages is made of beside the pages: references, commands, pictures, and its check."""
