"""How a tool is built: one module a package ecosystem, on a shared build context. locks/ pins what they fetch."""
