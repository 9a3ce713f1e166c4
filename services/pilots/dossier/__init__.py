"""The dossier (卷宗): a project in one archive that verifies offline (docs/spec/dossier.md)."""
