/*
 * flat.h - index of kind `flat`: rows by slot, and no structure: a search looks at each row that is alive.
 */
#ifndef RUVECTOR_INDEX_FLAT_H
#define RUVECTOR_INDEX_FLAT_H

#include "engine/body.h"

namespace rv_index
{

class flat_body final : public body
{
public:
	flat_body(const index_options &options, epochs &readers);

	const void *
	row(uint32_t slot) const override
	{
		rows.touch((uint64_t) slot * stride, stride);
		return rows.data() + (size_t) slot * stride;
	}

	std::unique_ptr<searcher> make_searcher() const override;
	void		reserve(uint64_t slots) override { rows.grow(slots * stride); }
	void	   *new_row(uint32_t slot) override { return rows.data() + (size_t) slot * stride; }
	void		link(const uint32_t *slots, size_t n, unsigned threads, const progress &told) override;
	void		unlink_dead(unsigned threads, const progress &told) override;
	void		describe(body_stats &stats) const override;
	void		check(std::vector<std::string> &problems, const progress &told) const override;
	void		list_sections(std::vector<section> &sections) const override;
	void		read(section_source &file) override;

	const size_t stride;

private:
	region		rows;
};

}	/* namespace rv_index */

#endif							/* RUVECTOR_INDEX_FLAT_H */
