"""Materials (材料): files of any size up to 5 GiB, encrypted, deduplicated within an institution, resumable."""
