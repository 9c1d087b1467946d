"""From a picture to lines of text: views of the picture, engines that read them, and the merge."""
