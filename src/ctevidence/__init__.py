"""ctevidence: medication, therapy, or both?"""
