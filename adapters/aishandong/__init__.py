"""爱山东 and the provincial identity platform behind it (山东省统一身份认证平台)."""
