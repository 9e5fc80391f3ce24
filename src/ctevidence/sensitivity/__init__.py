"""What would overturn an answer: missing scores under other assumptions, and how far they reach."""
