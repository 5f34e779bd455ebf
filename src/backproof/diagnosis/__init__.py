"""From a judgement and a repair to what is said of them: findings, certificates, reasons."""
