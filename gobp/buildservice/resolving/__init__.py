"""Find out what a ref stands for, before anything is fetched or built."""
